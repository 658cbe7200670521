"""`python -m ironwright`: the same as the command `ironwright`."""

from ironwright.interfaces.cli import main

if __name__ == "__main__":
    main()
