"""The network's door: REST under `/api/v1`. Holds no rules; services do."""
