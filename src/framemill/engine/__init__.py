"""The one way to run a plan: claim under a lease, run, verify, publish, recover."""
