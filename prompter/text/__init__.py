"""What do texts of customers and operators need done to them?"""
