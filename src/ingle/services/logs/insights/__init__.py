"""The query language of CloudWatch Logs Insights, which knows nothing of how logs are kept.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""
