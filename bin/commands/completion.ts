import { COMPLETION_COMMAND, readSettings, SHELLS, UsageError } from '../options/index.js';
import type { Command } from './command.js';
import { COMPLETION_SCRIPTS } from './completion-scripts.js';
import { type Completable, completionOf } from './completion-words.js';

const loadCall = () => import('../call/index.js');

/** What stands beside the options of commands. */
const TAKES: Readonly<Record<string, Completable['takes']>> = {
  call: 'method',
  describe: 'symbol',
  completion: 'shell',
};

/** `sluice completion`, which completes all commands. */
export function completionCommand(commands: () => Readonly<Record<string, Command>>): Command {
  return {
    summary: 'what bash, zsh or fish needs to complete command lines of sluice',
    usage: `${SHELLS.join('|')}`,
    table: COMPLETION_COMMAND,
    examples: [
      { line: 'source <(sluice completion bash)', does: 'in ~/.bashrc; zsh takes the same in ~/.zshrc' },
      { line: 'sluice completion fish | source', does: 'in ~/.config/fish/config.fish' },
    ],
    async run(line, environment) {
      const { values, rest } = await readSettings(COMPLETION_COMMAND, line, environment, { takesRest: true });
      const [shell = '', ...others] = rest;
      if (others.length === 0 && shell === 'words' && values.line !== undefined)
        return { printed: await answerTo(values.line, commands(), environment) };
      const script = SHELLS.find((one) => one === shell);
      if (script === undefined || others.length > 0)
        throw new UsageError(`write the shell: ${SHELLS.join(', ')}`);
      return { printed: COMPLETION_SCRIPTS[script] };
    },
  };
}

/** What a shell reads: "files" or "words", then the words. */
async function answerTo(
  text: string,
  commands: Readonly<Record<string, Command>>,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const [, ...line] = wordsOf(text);
  const completable = Object.fromEntries(
    Object.entries(commands).map(([name, { table }]) => {
      const takes = TAKES[name];
      return [name, takes === undefined ? { table } : { table, takes }];
    }),
  );
  const { knownMethods, knownFields } = await loadCall();
  const { words, files } = await completionOf(line, completable, SHELLS, {
    methods: (before) => knownMethods(before, environment),
    fields: (before, method) => knownFields(before, environment, method),
  });
  return [files ? 'files' : 'words', ...words, ''].join('\n');
}

/** The words of a line as a shell has them, quotes taken away; the last one is empty behind a space. */
function wordsOf(text: string): string[] {
  const words = [''];
  let quote = '';
  for (const char of text) {
    if (quote !== '' && char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (quote === '' && /\s/.test(char)) {
      if (words.at(-1) !== '') words.push('');
    } else words.push((words.pop() ?? '') + char);
  }
  return words;
}
