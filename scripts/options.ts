/** Options that several commands share, with the same words and the same checks everywhere. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

const TEXT_CHARS_MAX = 200;

/** `--fabric NAME`: which fabric, where several run. */
export function fabricOption(command: Command): Command {
  return command.option('--fabric <name>', 'the name of the fabric (default: planetary-fabric)');
}

/** `--json`: standard output is JSON alone. */
export function jsonOption(command: Command): Command {
  return command.option('--json', 'print JSON alone on standard output; the rest goes to stderr');
}

/** One line of text of at most 200 characters. */
export function textOption(command: Command, flags: string, says: string): Command {
  return command.option(flags, says, (text: string) => {
    if (text.length > 0 && text.length <= TEXT_CHARS_MAX && !/\p{Cc}/u.test(text)) return text;
    throw new InvalidArgumentError(`Expected one line of 1 to ${TEXT_CHARS_MAX} characters.`);
  });
}

/** A whole number; its range is checked with the mission. */
export function wholeOption(command: Command, flags: string, says: string): Command {
  return command.option(flags, says, (text: string) => {
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw new InvalidArgumentError('Expected a whole number, such as 1000.');
  });
}

/** The options of everything that ends with a report. */
export function reportOptions(command: Command): Command {
  command.option('--export <file>', 'write the JSON report to this file as well');
  command.option('--quiet', 'print nothing but the verdict');
  return jsonOption(command);
}
