"""The door for people and scripts: the command `pylae`.

Commands are thin. They read a running instance through the Unix sockets of its data directory, talk to its API like
any other client, and print: tables for people, JSON and YAML for machines. What is heavy is imported where it is
used, so that `pylae version` and `pylae --help` answer at once.
"""
