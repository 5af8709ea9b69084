"""What every vehicle carries: commands, telemetry, events, parameters, sequences, health, storage,
recorder. They work from the dictionary and meet the rest on the bus."""
