"""The command ``phosphot5``: one module per subcommand, each with ``HELP``, ``add_arguments`` and ``run``."""
