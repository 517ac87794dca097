"""Tables, transactions, queries and migrations, on SQLite and PostgreSQL alike."""
