"""What the sweeps apply: one object of each sort that a tutorial has."""

GATEWAY = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, labels: {app: shop}}
spec:
  selector: {istio: nowhere}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    tls: {mode: SIMPLE, credentialName: web-credential}
    hosts: [web.example]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: https, port: 443}
"""
VIRTUAL_SERVICE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web.example], gateways: [web], http: [{route: [{destination: {host: web}}]}]}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web:1}]}
"""
SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: settings}
stringData: {color: red, shape: round}
"""
