/**
 * The nodes of a graph in groups that reach each other (Tarjan's algorithm), each after those it leads to. Linear, and on a stack of
 * its own: a hostile schema may be a chain of ten thousand files.
 */
export function componentsOf<Node>(nodes: Iterable<Node>, leadsTo: (node: Node) => Iterable<Node>): Node[][] {
  const indexes = new Map<Node, number>();
  const lowest = new Map<Node, number>();
  const open: Node[] = [];
  const isOpen = new Set<Node>();
  const components: Node[][] = [];
  const enter = (node: Node) => {
    lowest.set(node, indexes.size);
    indexes.set(node, indexes.size);
    open.push(node);
    isOpen.add(node);
    return { node, next: leadsTo(node)[Symbol.iterator]() };
  };
  const lower = (node: Node, index: number) => {
    if (index < (lowest.get(node) ?? 0)) lowest.set(node, index);
  };
  const leave = (node: Node) => {
    if (lowest.get(node) !== indexes.get(node)) return;
    const component: Node[] = [];
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      isOpen.delete(last);
      component.push(last);
      if (last === node) break;
    }
    components.push(component.reverse());
  };

  for (const root of nodes) {
    if (indexes.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { done, value } = top.next.next();
      if (done === true) {
        path.pop();
        leave(top.node);
        const above = path.at(-1);
        if (above !== undefined) lower(above.node, lowest.get(top.node) ?? 0);
      } else if (!indexes.has(value)) path.push(enter(value));
      else if (isOpen.has(value)) lower(top.node, indexes.get(value) ?? 0);
    }
  }
  return components;
}
