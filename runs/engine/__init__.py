"""Making steps happen: claim, run, record, go on."""
