//! The command as a whole, and what explains it: `wasmc help`, manual pages, completions.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::arguments::{
    Arguments, CODE, CompletionsArguments, ExploreArguments, FILES, GRANTS, HelpArguments, InspectArguments, LIMITS,
    ManArguments, RunArguments, TargetsArguments, WORK,
};
use super::output;
use crate::error::{Error, Result};
use crate::suggest::did_you_mean;

const NAME: &str = "wasmc";

/// A topic of `wasmc help`.
struct Topic {
    name: &'static str,
    title: &'static str,
    contents: Contents,
}

enum Contents {
    /// The options under the heading that the title is.
    Options,
    /// Terms and what they mean.
    Terms(&'static [(&'static str, &'static str)]),
}

#[rustfmt::skip]
const TOPICS: &[Topic] = &[
    Topic { name: "files",       title: FILES,                            contents: Contents::Options },
    Topic { name: "code",        title: CODE,                             contents: Contents::Options },
    Topic { name: "limits",      title: LIMITS,                           contents: Contents::Options },
    Topic { name: "grants",      title: GRANTS,                           contents: Contents::Options },
    Topic { name: "work",        title: WORK,                             contents: Contents::Options },
    Topic { name: "environment", title: "Environment",                    contents: Contents::Terms(ENVIRONMENT) },
    Topic { name: "status",      title: "Exit status",                    contents: Contents::Terms(STATUS) },
];

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM",
        "Colours are for terminals: none if NO_COLOR is set, CLICOLOR is 0 or TERM is dumb. CLICOLOR_FORCE has them \
         everywhere.",
    ),
    ("XDG_CACHE_HOME, HOME", "`wasmc run` keeps what it made in wasmc below the first, or in .cache below the second."),
    ("SOURCE_DATE_EPOCH", "The time of embedded files, in seconds since 1970, instead of 1980-01-01."),
    (
        "WASMC_DIR, WASMC_ENV, WASMC_TCPLISTEN",
        "Read by executables: grants, a line each, instead of the compiled ones.",
    ),
    ("WASMC_INHERIT_ENV, WASMC_ARG0, WASMC_MAX_MEMORY", "Read by executables: as the options of these names."),
    ("WASMC_BACKTRACE", "Read by executables: 0 leaves only the first line of the report of a trap."),
];

const STATUS: &[(&str, &str)] = &[
    ("0", "Success."),
    ("1", "The input is invalid or cannot be read, or its modules do not fit together."),
    ("2", "Wrong usage."),
    ("3", "The input is valid, but needs something that is not supported."),
    ("70", "A bug of wasmc."),
    ("134", "Of an executable: the program trapped."),
];

/// The command with its subcommands: what is parsed is what is explained.
pub fn command() -> Command {
    let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
    let topics = format!("Topics of `wasmc help TOPIC`: {}.", topics.join(", "));
    Arguments::command().after_help(topics).subcommands([
        RunArguments::command(),
        ExploreArguments::command(),
        InspectArguments::command(),
        TargetsArguments::command(),
        CompletionsArguments::command(),
        ManArguments::command(),
        HelpArguments::command(),
    ])
}

/// The names of the subcommands.
pub fn subcommands() -> Vec<String> {
    command().get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect()
}

/// `wasmc help`: on standard output, with colours if that is a terminal.
pub fn help(topic: Option<&str>) -> Result<()> {
    let mut command = command();
    command.build();
    let text = match topic {
        None => command.render_long_help(),
        Some(name) => match TOPICS.iter().find(|topic| topic.name == name) {
            Some(Topic { title, contents: Contents::Options, .. }) => only(command, title).render_long_help(),
            Some(Topic { title, contents: Contents::Terms(terms), .. }) => explain(title, terms).into(),
            None => match command.find_subcommand_mut(name) {
                Some(subcommand) => subcommand.render_long_help(),
                None => {
                    let subcommands = subcommands();
                    let names: Vec<&str> =
                        TOPICS.iter().map(|topic| topic.name).chain(subcommands.iter().map(String::as_str)).collect();
                    let hint = did_you_mean(name, names.iter().copied());
                    return Err(Error::usage(format!("no help on '{name}', but on {}{hint}", names.join(", "))));
                }
            },
        },
    };
    let text = match anstream::AutoStream::choice(&std::io::stdout()) {
        anstream::ColorChoice::Never => text.to_string(),
        _ => text.ansi().to_string(),
    };
    output::print(text.as_bytes())
}

/// The command with the options of one heading only.
fn only(command: Command, heading: &str) -> Command {
    let hide = |argument: clap::Arg| {
        let is_other = argument.get_help_heading() != Some(heading);
        if is_other { argument.hide(true) } else { argument }
    };
    command.mut_args(hide).mut_subcommands(|subcommand| subcommand.hide(true)).help_template("{all-args}\n")
}

fn explain(title: &str, terms: &[(&str, &str)]) -> String {
    let terms = terms.iter().map(|(term, meaning)| format!("  {term}\n          {meaning}\n"));
    format!("{title}:\n{}", terms.collect::<Vec<_>>().join("\n"))
}

/// `wasmc completions`: on standard output.
pub fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), NAME, &mut script);
    let mut script = String::from_utf8(script).expect("scripts are text");
    match shell {
        Shell::Fish => script = for_fish(&script),
        Shell::Zsh => script = for_zsh(&script),
        _ => {}
    }
    output::print(script.as_bytes())
}

/// The generated script takes the first word without a dash for a command, which may be INPUT here, and knows no
/// command line that ends with an option whose value is yet to come. Besides, it offers commands instead of files.
fn for_fish(script: &str) -> String {
    let names = subcommands().join(" ");
    let condition = "-n \"__fish_wasmc_needs_command\"";
    let script = script.replace(&format!("{condition} -f -a"), &format!("{condition} -a"));
    format!(
        "{script}
function __fish_wasmc_needs_command
    set -l words (commandline -opc)
    contains -- \"$words[2]\" {names}
    or return 0
    echo $words[2]
    return 1
end
"
    )
}

/// The generated script wants INPUT first and a command behind it. Here the first word is either, and only behind a
/// command there is more to complete than options.
fn for_zsh(script: &str) -> String {
    let names = subcommands().join(" ");
    let mut lines: Vec<&str> = script.lines().collect();
    let place = lines.iter().position(|line| line.starts_with("\":: :_wasmc_commands\""));
    let place = place.expect("clap_complete offers commands");
    // INPUT, commands, and what is behind them.
    lines.splice(place - 1..=place + 1, ["'1: :_wasmc_first' \\", "$rest \\"]);
    let script = lines.join("\n").replace("$line[2]", "$line[1]");
    let rest = format!(
        "    local ret=1
    local -a rest
    [[ \" {names} \" == *\" $words[2] \"* ]] && rest=('*::: :->wasmc')"
    );
    let first = "_wasmc_first() {
    _alternative 'commands:command:_wasmc_commands' 'files:module:_files'
}
";
    let begin = "(( $+functions[_wasmc_commands] )) ||";
    script.replacen("    local ret=1", &rest, 1).replacen(begin, &format!("{first}\n{begin}"), 1) + "\n"
}

/// `wasmc man`: one page on standard output, or all in a directory, under the names that `man` looks for.
pub fn manual(subcommand: Option<&str>, directory: Option<&Path>) -> Result<()> {
    let mut command = command();
    command.build();
    let Some(directory) = directory else {
        let command = match subcommand {
            None => &command,
            Some(name) => command.find_subcommand(name).ok_or_else(|| {
                let hint = did_you_mean(name, command.get_subcommands().map(Command::get_name));
                Error::usage(format!("there is no command '{name}'{hint}"))
            })?,
        };
        return output::print(&page(command));
    };
    for command in std::iter::once(&command).chain(command.get_subcommands()) {
        let name = page_name(command);
        output::write(&directory.join(format!("{name}.1")), &page(command), false)?;
    }
    Ok(())
}

/// `wasmc` or `wasmc-inspect`.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

/// A manual page.
fn page(command: &Command) -> Vec<u8> {
    let is_main = command.get_name() == NAME;
    let name = page_name(command);
    // The name is what `man` looks for, and the usage says how it is written.
    let manual = Man::new(command.clone()).title(name).manual("wasmc").source(format!("wasmc {}", version()));
    let mut page = Vec::new();
    let sections = [
        Man::render_title,
        Man::render_name_section,
        Man::render_synopsis_section,
        Man::render_description_section,
        Man::render_options_section,
    ];
    for section in sections {
        section(&manual, &mut page).expect("a vector takes everything");
    }
    let mut more = Roff::new();
    if is_main {
        manual.render_subcommands_section(&mut page).expect("a vector takes everything");
        for topic in TOPICS {
            let Contents::Terms(terms) = topic.contents else { continue };
            more.control("SH", [topic.title.to_uppercase().as_str()]);
            for (term, meaning) in terms {
                more.control("TP", []).text([bold(*term)]).text([roman(*meaning)]);
            }
        }
    } else {
        more.control("SH", ["SEE ALSO"]).text([bold(NAME), roman("(1)")]);
    }
    page.extend(more.to_roff().into_bytes());
    page
}

/// The version of this command.
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_option_belongs_to_a_topic() {
        for argument in command().get_opts() {
            let heading = argument.get_help_heading();
            let is_topic = TOPICS.iter().any(|topic| Some(topic.title) == heading);
            assert!(is_topic || argument.is_hide_set(), "{argument} is under no heading");
        }
    }

    #[test]
    fn statuses_are_those_of_errors() {
        use crate::ErrorKind::{Internal, Invalid, Link, Unsupported, Usage};
        for kind in [Invalid, Link, Usage, Unsupported, Internal] {
            let status = kind.exit_status().to_string();
            assert!(STATUS.iter().any(|(known, _)| *known == status), "{kind:?}");
        }
    }
}
