"""From numbers to verdicts: rules, intervals, several claims and several interim analyses with one error rate."""
