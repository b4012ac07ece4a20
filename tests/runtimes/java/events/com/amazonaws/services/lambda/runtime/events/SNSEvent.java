package com.amazonaws.services.lambda.runtime.events;

import java.util.List;

/** Has the members of AWS's class. */
public class SNSEvent {
    public static class SNS {
        private String messageId;
        private String topicArn;
        private String signingCertUrl;
        private String message;

        public String getMessageId() {
            return messageId;
        }

        public void setMessageId(String messageId) {
            this.messageId = messageId;
        }

        public String getTopicArn() {
            return topicArn;
        }

        public void setTopicArn(String topicArn) {
            this.topicArn = topicArn;
        }

        public String getSigningCertUrl() {
            return signingCertUrl;
        }

        public void setSigningCertUrl(String signingCertUrl) {
            this.signingCertUrl = signingCertUrl;
        }

        public String getMessage() {
            return message;
        }

        public void setMessage(String message) {
            this.message = message;
        }
    }

    public static class SNSRecord {
        private SNS sns;
        private String eventSource;

        public SNS getSNS() {
            return sns;
        }

        public void setSns(SNS sns) {
            this.sns = sns;
        }

        public String getEventSource() {
            return eventSource;
        }

        public void setEventSource(String eventSource) {
            this.eventSource = eventSource;
        }
    }

    private List<SNSRecord> records;

    public List<SNSRecord> getRecords() {
        return records;
    }

    public void setRecords(List<SNSRecord> records) {
        this.records = records;
    }
}
