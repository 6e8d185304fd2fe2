"""What a resource consists of: values, records, parameters, columns."""
