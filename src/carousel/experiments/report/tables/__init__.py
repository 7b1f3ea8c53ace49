"""The numbers that figures and page show, as data frames; each is a CSV file of the report too."""
