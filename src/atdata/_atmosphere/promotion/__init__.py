"""From a team's index to the network: planned first, then carried out, and safe to run again."""
