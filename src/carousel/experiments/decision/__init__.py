"""From numbers to verdicts: rules, intervals, several claims and several looks with one error rate."""
