"""Reads everything with the Ec2 data source of the cloud-init in argv[1], without its network setup.

argv[2] is a folder for its state. The platform is set, because it is otherwise read from the DMI.
"""
import json
import sys

sys.path.insert(0, sys.argv[1])

from cloudinit import helpers
from cloudinit.sources import DataSourceEc2

paths = helpers.Paths({"cloud_dir": sys.argv[2], "run_dir": sys.argv[2]})
source = DataSourceEc2.DataSourceEc2({}, None, paths)
source._cloud_name = DataSourceEc2.CloudNames.AWS
crawled = source.crawl_metadata()
user_data = crawled["user-data"]
if isinstance(user_data, bytes):
    user_data = user_data.decode()
print(json.dumps({"metaData": crawled["meta-data"], "userData": user_data}))
