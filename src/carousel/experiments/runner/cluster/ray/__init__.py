"""The two places where the package ray is imported: a child process of the command, and the nodes."""
