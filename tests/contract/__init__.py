"""The contract: the known facts about each resource of the API, and the tests of the modules."""
