"""`check-config`: read the configuration as `run` would, and print what comes out."""

import argparse
import json

from bridge.cli import options
from bridge.net import doors
from bridge.service.post_scan_process_files import ProcessFolder


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "check-config",
        help="check the configuration file",
        description="Read the configuration and the files it names as `run` would, and print the result.",
    )
    options.add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every setting with the value in force; passwords and communities stay hidden."""
    config = options.load(arguments)
    if config.tls.certificate is not None:
        doors.context(config.tls.certificate, config.tls.key)
    if config.scan_server.processes is not None:
        ProcessFolder(config.scan_server.processes, config.smtp, config.account).check()
    values = config.model_dump(mode="json")
    values["service"]["state_dir"] = str(config.state_dir)
    values["service"]["cache_dir"] = str(config.cache_dir)
    if arguments.json:
        print(json.dumps(values, indent=2))
        return 0
    for section, content in values.items():
        for entry in content if isinstance(content, list) else [content]:
            print(f"[[{section}]]" if isinstance(content, list) else f"[{section}]")
            for key, value in entry.items():
                print(f"{key} = {json.dumps(value)}")
    return 0
