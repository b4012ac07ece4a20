package com.amazonaws.services.lambda.runtime.events;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** Has the members of AWS's class. */
public class SQSEvent {
    public static class MessageAttribute {
        private String stringValue;
        private ByteBuffer binaryValue;
        private String dataType;

        public String getStringValue() {
            return stringValue;
        }

        public void setStringValue(String stringValue) {
            this.stringValue = stringValue;
        }

        public ByteBuffer getBinaryValue() {
            return binaryValue;
        }

        public void setBinaryValue(ByteBuffer binaryValue) {
            this.binaryValue = binaryValue;
        }

        public String getDataType() {
            return dataType;
        }

        public void setDataType(String dataType) {
            this.dataType = dataType;
        }
    }

    public static class SQSMessage {
        private String messageId;
        private String body;
        private String md5OfBody;
        private String eventSourceArn;
        private Map<String, MessageAttribute> messageAttributes;

        public String getMessageId() {
            return messageId;
        }

        public void setMessageId(String messageId) {
            this.messageId = messageId;
        }

        public String getBody() {
            return body;
        }

        public void setBody(String body) {
            this.body = body;
        }

        public String getMd5OfBody() {
            return md5OfBody;
        }

        public void setMd5OfBody(String md5OfBody) {
            this.md5OfBody = md5OfBody;
        }

        public String getEventSourceArn() {
            return eventSourceArn;
        }

        public void setEventSourceArn(String eventSourceArn) {
            this.eventSourceArn = eventSourceArn;
        }

        public Map<String, MessageAttribute> getMessageAttributes() {
            return messageAttributes;
        }

        public void setMessageAttributes(Map<String, MessageAttribute> messageAttributes) {
            this.messageAttributes = messageAttributes;
        }
    }

    private List<SQSMessage> records;

    public List<SQSMessage> getRecords() {
        return records;
    }

    public void setRecords(List<SQSMessage> records) {
        this.records = records;
    }
}
