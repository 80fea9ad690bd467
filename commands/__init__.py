"""What the command line can do with a run, and the settings that it takes. Only main imports it."""
