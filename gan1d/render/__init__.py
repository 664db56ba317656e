"""From a trajectory to what is shown: plain numbers first, thin backends after."""
