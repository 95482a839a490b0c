"""The steps that rows pass on their way into a mixture."""
