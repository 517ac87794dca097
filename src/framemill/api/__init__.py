"""The REST API: routers, what comes in, what goes out. What a request means, the services decide."""
