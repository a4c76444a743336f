"""What ERPNext needs on PostgreSQL: mended queries, and the indexes that its DocTypes ask for."""
