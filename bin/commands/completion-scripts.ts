import type { SHELLS } from '../options/index.js';

// Each asks `sluice completion words` for what fits: the first line says whether files fit, the others are words. A shell splits lines in its own way, so it
// hands over the whole line up to the cursor.

const BASH = `# Completion of sluice for bash: source <(sluice completion bash)
_sluice() {
  local line="\${COMP_LINE:0:COMP_POINT}" kind words
  {
    IFS= read -r kind
    mapfile -t words
  } < <(sluice completion words --line="$line" 2>/dev/null)
  COMPREPLY=()
  if [[ $kind == files ]]; then
    compopt -o default
    return
  fi
  # Bash counts from the last : or = of the word.
  local word="\${line##*[[:space:]]}" prefix
  prefix="\${word%"\${word##*[:=]}"}"
  local one
  for one in "\${words[@]}"; do COMPREPLY+=("\${one#"$prefix"}"); done
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
  return 0
}
complete -F _sluice sluice
`;

const ZSH = `#compdef sluice
# Completion of sluice for zsh: source <(sluice completion zsh)
_sluice() {
  local -a answer whole open
  answer=("\${(@f)$(sluice completion words --line="$LBUFFER" 2>/dev/null)}")
  if [[ $answer[1] == files ]]; then
    _files
    return
  fi
  local one
  for one in "\${(@)answer[2,-1]}"; do
    if [[ $one == *= ]]; then open+=("$one"); elif [[ -n $one ]]; then whole+=("$one"); fi
  done
  compadd -- "\${whole[@]}"
  compadd -S '' -- "\${open[@]}"
}
compdef _sluice sluice
`;

const FISH = `# Completion of sluice for fish: sluice completion fish | source
function __sluice_answer
  sluice completion words --line=(commandline -cp) 2>/dev/null
end
complete -c sluice -f
complete -c sluice -n 'test (__sluice_answer)[1] = files' -F
complete -c sluice -n 'test (__sluice_answer)[1] = words' -a '(__sluice_answer)[2..-1]'
`;

/** The script of each shell. */
export const COMPLETION_SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
