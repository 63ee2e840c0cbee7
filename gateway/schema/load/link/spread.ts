import type { Declaration } from './declaration.js';

/** What uses a declaration that has a fault has that fault as well, directly or over others. Linear in what is used. */
export function spreadFaults(declarations: readonly Declaration[]): void {
  const users = new Map<Declaration, Declaration[]>();
  for (const declaration of declarations) {
    for (const used of declaration.uses) {
      const list = users.get(used);
      if (list === undefined) users.set(used, [declaration]);
      else list.push(declaration);
    }
  }
  // The list grows while it is walked.
  const faulty = declarations.filter(({ fault }) => fault !== undefined);
  for (const declaration of faulty) {
    for (const user of users.get(declaration) ?? []) {
      if (user.fault !== undefined) continue;
      user.fault = declaration.fault;
      faulty.push(user);
    }
  }
}
