"""One recorded pass of a user's model and questions put to the model, which change nothing of it."""
