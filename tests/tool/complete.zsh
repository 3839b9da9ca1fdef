# What zsh offers behind a line: `zsh -f complete.zsh LINE`, in a directory with the script of completions, `s`. Its
# functions complete in an interactive shell only, which runs in a terminal of its own and writes to the file `words`.

if (( $# == 0 )); then
  # That shell.
  PROMPT=
  autoload -U compinit
  compinit -D -u
  source ./s
  compadd() {
    # What only fills arrays adds nothing.
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
    local -a hits
    builtin compadd -A hits "$@"
    print -rl -- $hits >> words
    builtin compadd "$@"
  }
  finish() { print >> ended }
  comppostfuncs=(finish)
  bindkey '^I' complete-word
  print >> begun
  return
fi

# Waits for a file. What the terminal shows must be read, or the shell in it would wait.
await() {
  while [[ ! -e $1 ]]; do
    zpty -r -t shell output || sleep 0.05
  done
}
zmodload zsh/zpty || exit 1
rm -f words begun ended
zpty shell zsh -f -i
zpty -w shell "source ${(q)0}"
await begun
zpty -w -n shell "$1"$'\t'
await ended
zpty -d shell
cat words
