"""What follows from an observed pass: one question about the model a file."""
