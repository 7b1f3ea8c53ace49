"""One recorded pass of a user's model: what went in and out, without changing anything of it."""
