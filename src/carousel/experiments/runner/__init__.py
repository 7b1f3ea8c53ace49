"""Plan, trials, ledger, evidence: run a comparison in worker processes, survive being killed, read it back."""
