type Defined<Values> = { [Name in keyof Values]?: Exclude<Values[Name], undefined> };

/** The same object without what is undefined. */
export function defined<Given extends object>(values: Given): Defined<Given> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Given>;
}
