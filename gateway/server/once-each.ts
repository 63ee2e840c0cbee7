/** Hands on what is told of each name the first time, for so many names at most: names may come from outside. */
export function onceEach(
  most: number,
  tell: (name: string, problem: string) => void,
): (name: string, problem: string) => void {
  const told = new Set<string>();
  return (name, problem) => {
    if (told.has(name) || told.size >= most) return;
    told.add(name);
    tell(name, problem);
  };
}
