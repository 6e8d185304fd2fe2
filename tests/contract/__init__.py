"""The contract: what is known of each resource of the API, and that the modules keep to it."""
