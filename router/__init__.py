"""Routing of proposals to sections: what a case is, the rules, the decision."""
