"""`python -m carousel`: the command, where its script is not on the path."""

from carousel.cli.app import main

if __name__ == "__main__":
    main()
