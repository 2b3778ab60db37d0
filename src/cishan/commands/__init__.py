"""What `cishan` can be told to do: one module for each command, loaded only when it is asked for."""
