import t from 'tap';
import ts from 'typescript';

interface Check {
  readonly faultsOfClosures: (source: ts.SourceFile) => string[];
}

// The scripts of the repository are JavaScript without types.
const { faultsOfClosures } = (await import(
  new URL('../../scripts/check-closures.mjs', import.meta.url).href
)) as Check;

const faults = (text: string) =>
  faultsOfClosures(ts.createSourceFile('made-up.ts', text, ts.ScriptTarget.Latest, true));

t.test('a function that is assigned to a property where it is written is refused', async (t) => {
  for (const assignment of [
    'this.done = () => 1;',
    'this.#done ??= async (reason) => reason;',
    'call.done ||= function () {};',
    'calls[0] = (reason: unknown) => reason;',
    'call.done = (() => 1) as Done;',
  ]) {
    const [place] = assignment.split(' ');
    t.same(
      faults(`class A { begin() {\n${assignment} } }`),
      [`2: ${place} gets a function where it is written: make it a constant first`],
      assignment,
    );
  }
});

t.test('constants, members, arguments, results, and what a module does once are not', async (t) => {
  for (const text of [
    'function f() { const done = () => 1; this.done = done; }',
    'class A { done = () => 1; }',
    'function f() { return { done: () => 1 }; }',
    'function f() { this.done = make(() => 1); }',
    'function f() { let done; done = () => 1; }',
    'exports.done = () => 1;',
  ]) {
    t.same(faults(text), [], text);
  }
});
