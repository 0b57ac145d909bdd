"""`python -m pylae` is `pylae`."""

from pylae.cli.main import main

if __name__ == "__main__":
    main()
