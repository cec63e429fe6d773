import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('runs', '0014_saved_views'),
    ]

    operations = [
        migrations.CreateModel(
            name='RunNote',
            fields=[
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notes', serialize=False, to='runs.run')),
                ('text', models.TextField()),
                ('revision', models.IntegerField(default=1)),
                ('by', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
            ],
        ),
    ]
