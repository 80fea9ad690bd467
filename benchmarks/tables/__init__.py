"""The paper's tables and others', run again over many seeds."""
