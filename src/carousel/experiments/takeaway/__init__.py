"""What won, taken away: new files answered, exported to other runtimes, served."""
