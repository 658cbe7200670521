"""What escalation policies cost and prove, replayed on public outcomes of models on software tasks."""
