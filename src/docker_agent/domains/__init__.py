"""What the agent can do, one folder for each capability and workflow, one file for each tool."""
